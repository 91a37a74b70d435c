// The key is not a secret: it only has to differ from the user's other keys.
// crypto.randomUUID is not available everywhere (React Native, pages without TLS).
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Returns a new idempotency key. */
export function newKey(): string {
  let key = Date.now().toString(36) + "-";
  for (let i = 0; i < 20; i++) key += ALPHABET[Math.floor(Math.random() * ALPHABET.length)];
  return key;
}
