/** Runs a request that nobody waits for; the next session does it again when it fails. */
export function background(work) {
    work.catch(() => { });
}
