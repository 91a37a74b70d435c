/** Asks again and again until the answer is something, and gives it; throws when it is not within the patience. */
export async function poll(what, ask, patience = 30_000) {
  for (const until = Date.now() + patience; ; ) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > until) throw new Error(`waited in vain for ${what}`);
    await new Promise((again) => setTimeout(again, 50));
  }
}
