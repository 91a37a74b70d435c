import { State } from "./observable.js";
import { applyPatch } from "./patch.js";
import type { PatchOp } from "./wire.js";

/** A document whose version is the seq of its stream. */
export interface Versioned {
  id: string;
  version: number;
  epoch: string;
}

/**
 * The user's documents, ordered by the rank that they had when they became known, and then
 * by arrival.
 */
export class Documents<D extends Versioned> {
  readonly all = new State<readonly D[]>([]);
  readonly #rank: (document: D) => number;
  /** The versions at which the user received the documents as a member, by id. */
  readonly #given = new Map<string, number>();

  constructor(rank: (document: D) => number = () => 0) {
    this.#rank = rank;
  }

  get(id: string): D | undefined {
    return this.all.value.find((document) => document.id === id);
  }

  /** Stores a state that the user received as a member. */
  enter(document: D): void {
    this.#given.set(document.id, Math.max(document.version, this.#given.get(document.id) ?? 0));
    this.take(document);
  }

  /**
   * Reports whether a removal at a version is about an earlier membership: the user has
   * rejoined since.
   */
  cameBack(id: string, removedAt: number | undefined): boolean {
    return removedAt !== undefined && removedAt <= (this.#given.get(id) ?? 0);
  }

  /** Stores a whole state, unless a newer version of the same epoch is known. */
  take(document: D): void {
    const known = this.get(document.id);
    if (!known) this.#add(document);
    else if (known.epoch !== document.epoch || known.version <= document.version) this.#replace(document);
  }

  /**
   * Applies a patch, unless the known state includes it. The stream has no gaps; a version
   * without a patch belongs to a back end's event.
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
