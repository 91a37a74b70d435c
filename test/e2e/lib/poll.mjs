/** Polls until the result is defined, and returns it; throws after the patience. */
export async function poll(what, ask, patience = 30_000) {
  for (const until = Date.now() + patience; ; ) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > until) throw new Error(`waited in vain for ${what}`);
    await new Promise((again) => setTimeout(again, 50));
  }
}
