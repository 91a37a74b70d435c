import type { PatchOp } from "./wire.js";

/**
 * Applies operations of JSON Patch (add, replace, remove) and returns a new document; the
 * old one is unchanged.
 */
export function applyPatch<T>(document: T, ops: readonly PatchOp[]): T {
  let changed: unknown = document;
  for (const op of ops) {
    const path = op.path.split("/").slice(1).map(unescape);
    changed = change(changed, path, op);
  }
  return changed as T;
}

function unescape(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

function change(node: unknown, path: readonly string[], op: PatchOp): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return op.value;
  if (Array.isArray(node)) {
    const copy = [...node];
    const index = part === "-" ? copy.length : Number(part);
    if (rest.length > 0) copy[index] = change(copy[index], rest, op);
    else if (op.op === "remove") copy.splice(index, 1);
    else copy.splice(index, op.op === "add" ? 0 : 1, op.value);
    return copy;
  }
  const entries = new Map(Object.entries((node ?? {}) as object));
  if (rest.length > 0) entries.set(part, change(entries.get(part), rest, op));
  else if (op.op === "remove") entries.delete(part);
  else entries.set(part, op.value);
  return Object.fromEntries(entries); // "__proto__" is a name like any other here
}
