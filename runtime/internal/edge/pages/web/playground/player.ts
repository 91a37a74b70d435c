import { AnteroomClient, type Answer, type Request, type RequestEvent, type RequestOptions } from "@anteroom/client";
import { Log } from "./log";

// Player is the client of a signed-in user, with a log of its traffic and a way to cut the
// connection.
export class Player extends AnteroomClient {
  readonly log = new Log();
  private endWait = () => {};
  private readonly gate: { wait: () => Promise<void> };

  constructor(path: string, token: string) {
    const gate = { wait: () => Promise.resolve() };
    super({
      url: location.origin,
      token: async () => {
        await gate.wait();
        return token;
      },
      client: { name: "playground", platform: "web" },
      socket: { path },
    });
    this.gate = gate;
    this.onAny((event, push) => this.log.add("push", event, push));
    this.connection.subscribe(({ status, error }) => this.log.add("connection", status, error && { code: error.code, message: error.message }));
  }

  override async request<E extends RequestEvent>(event: E, request: Request<E>, options?: RequestOptions): Promise<Answer<E>> {
    this.log.add("request", event, request);
    try {
      const answer = await super.request(event, request, options);
      this.log.add("answer", event, answer);
      return answer;
    } catch (error) {
      this.log.add("refusal", event, error);
      throw error;
    }
  }

  // stayAway cuts the connection, and delays the token of the next connection until
  // release. Only the last attempt to connect waits for it.
  stayAway() {
    this.gate.wait = () => new Promise((done) => (this.endWait = done));
    this.cut();
  }

  release() {
    this.gate.wait = () => Promise.resolve();
    this.endWait();
  }
}
