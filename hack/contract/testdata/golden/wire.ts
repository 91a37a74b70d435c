// Written by hack/contract from runtime/wire; do not edit. Change the Go types there and
// run "make generate".

/** The version of the contract that this client implements. */
export const PROTOCOL = 7;

/** The application's own values, under keys that a policy declares. */
export type Attributes = Record<string, string | number | boolean>;

/** The version in force, or the ids of the caller's existing objects or groups. */
export type Current = number | string[];

/** The answer to a request. */
export type Ack<Data> = { ok: true; data: Data; meta?: Meta } | { ok: false; error: WireError };
/** Color is closed. */
export type Color = "red" | "blue";
/** Label is open. */
export type Label = string;
/** ConnectAuth opens a connection. */
export interface ConnectAuth {
  token: string;
}
/** Error is a refusal with a Label. */
export interface WireError {
  code: Label;
  current?: Current;
}
/** Meta is a position. */
export interface Meta {
  seq: number;
}
/** Thing is a thing. */
export interface Thing {
  /** its id */
  thingId: string;
  color: Color;
  any?: unknown;
  meta?: Meta;
}
/** ThingFind finds a thing by its id or its name. */
export interface ThingFind {
  thingId?: string;
  name?: string;
  after?: number;
}
/** ThingList lists things. */
export interface ThingList {
  things: Thing[];
  raw?: Thing[];
  colors?: Color[];
}
/** ThingMake makes a thing. */
export interface ThingMake {
  key?: string;
  /** Name is a text on two lines. */
  name: string;
  size?: number;
  ratio?: number;
  version: number;
  seq?: number;
  open?: boolean;
  color?: "red" | "blue";
  data?: unknown;
  values?: Attributes;
  tags?: string[];
  sizes?: Record<string, number>;
}
/** ThingRef identifies a thing * / here. */
export interface ThingRef {
  thingId: string;
}

/** The pushes of the server. */
export interface ServerToClientEvents {
  "thing:drop": (push: ThingRef) => void;
  "thing:listed": (push: ThingList) => void;
}

/** The requests of a client, each with its acknowledgement. */
export interface ClientToServerEvents {
  "thing:make": (request: ThingMake, ack: (answer: Ack<Thing>) => void) => void;
  "thing:find": (request: ThingFind, ack: (answer: Ack<Thing | undefined>) => void) => void;
  "thing:drop": (request: ThingRef, ack: (answer: Ack<undefined>) => void) => void;
  "thing:touch": (request: ThingRef) => void;
  "thing:wave": (request: ThingRef) => void;
}

/** The requests that take an idempotency key. */
export const KEYED: ReadonlySet<string> = new Set([
  "thing:make",
]);
