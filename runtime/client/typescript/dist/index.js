export { connect, AnteroomClient } from "./client.js";
export { AnteroomError } from "./errors.js";
export { Channel, directChannel, seqOf } from "./chat.js";
export { PROTOCOL } from "./wire.js";
