/** Applies operations of JSON Patch (add, replace, remove) and gives a new document; the old one stays as it is. */
export function applyPatch(document, ops) {
    let changed = document;
    for (const op of ops) {
        const path = op.path.split("/").slice(1).map(unescape);
        changed = change(changed, path, op);
    }
    return changed;
}
function unescape(part) {
    return part.replaceAll("~1", "/").replaceAll("~0", "~");
}
function change(node, path, op) {
    const [part, ...rest] = path;
    if (part === undefined)
        return op.value;
    if (Array.isArray(node)) {
        const copy = [...node];
        const index = part === "-" ? copy.length : Number(part);
        if (rest.length > 0)
            copy[index] = change(copy[index], rest, op);
        else if (op.op === "remove")
            copy.splice(index, 1);
        else
            copy.splice(index, op.op === "add" ? 0 : 1, op.value);
        return copy;
    }
    const entries = new Map(Object.entries((node ?? {})));
    if (rest.length > 0)
        entries.set(part, change(entries.get(part), rest, op));
    else if (op.op === "remove")
        entries.delete(part);
    else
        entries.set(part, op.value);
    return Object.fromEntries(entries); // which takes "__proto__" for a name like any other
}
