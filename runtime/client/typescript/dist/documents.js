import { State } from "./observable.js";
import { applyPatch } from "./patch.js";
/** The documents that a user is in, in the order in which it came in. */
export class Documents {
    all = new State([]);
    get(id) {
        return this.all.value.find((document) => document.id === id);
    }
    /** Takes a whole state, unless a newer one of the same epoch is known. */
    take(document) {
        const known = this.get(document.id);
        if (!known)
            this.all.value = [...this.all.value, document];
        else if (known.epoch !== document.epoch || known.version <= document.version)
            this.#replace(document);
    }
    /**
     * Applies a patch, unless the state that is known has it already. The stream is
     * without gaps; a version that no patch has was taken by an event of a back end.
     */
    patch(id, to, epoch, ops) {
        const known = this.get(id);
        if (!known || to <= known.version)
            return;
        this.#replace({ ...applyPatch(known, ops), version: to, epoch: epoch ?? known.epoch });
    }
    drop(id) {
        this.all.value = this.all.value.filter((document) => document.id !== id);
    }
    #replace(document) {
        this.all.value = this.all.value.map((other) => (other.id === document.id ? document : other));
    }
}
