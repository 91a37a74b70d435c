import { State } from "./observable.js";
import { applyPatch } from "./patch.js";
import type { PatchOp } from "./wire.js";

/** A document with a version, the seq of its stream. */
export interface Versioned {
  id: string;
  version: number;
  epoch: string;
}

/** The documents that a user is in, by their rank when they became known; those of equal rank as they came. */
export class Documents<D extends Versioned> {
  readonly all = new State<readonly D[]>([]);
  readonly #rank: (document: D) => number;
  /** The versions at which the user was given the documents as a member. */
  readonly #given = new Map<string, number>();

  constructor(rank: (document: D) => number = () => 0) {
    this.#rank = rank;
  }

  get(id: string): D | undefined {
    return this.all.value.find((document) => document.id === id);
  }

  /** Takes the state that the user was given as a member. */
  enter(document: D): void {
    this.#given.set(document.id, Math.max(document.version, this.#given.get(document.id) ?? 0));
    this.take(document);
  }

  /** Tells whether the removal that made a version is about an earlier membership: the user has come back since. */
  cameBack(id: string, removedAt: number | undefined): boolean {
    return removedAt !== undefined && removedAt <= (this.#given.get(id) ?? 0);
  }

  /** Takes a whole state, unless a newer one of the same epoch is known. */
  take(document: D): void {
    const known = this.get(document.id);
    if (!known) this.#add(document);
    else if (known.epoch !== document.epoch || known.version <= document.version) this.#replace(document);
  }

  /**
   * Applies a patch, unless the state that is known has it already. The stream is
   * without gaps; a version that no patch has was taken by an event of a back end.
   */
  patch(id: string, to: number, epoch: string | undefined, ops: readonly PatchOp[]): void {
    const known = this.get(id);
    if (!known || to <= known.version) return;
    this.#replace({ ...applyPatch(known, ops), version: to, epoch: epoch ?? known.epoch });
  }

  drop(id: string): void {
    this.#given.delete(id);
    this.all.value = this.all.value.filter((document) => document.id !== id);
  }

  #add(document: D): void {
    const rank = this.#rank(document);
    const before = this.all.value.filter((other) => this.#rank(other) <= rank);
    const after = this.all.value.filter((other) => this.#rank(other) > rank);
    this.all.value = [...before, document, ...after];
  }

  #replace(document: D): void {
    this.all.value = this.all.value.map((other) => (other.id === document.id ? document : other));
  }
}
