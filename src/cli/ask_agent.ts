/** Asks the agent that runs on a state, through the socket in its folder. */

export function socketPath(state: string): string {
  return `${state}/control.sock`;
}

/** The agent's answer to a POST; undefined: no agent runs on this state. The connection lives as long as the process. */
export async function askAgent(state: string, path: string, body: unknown = {}): Promise<Response | undefined> {
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: socketPath(state) } });
  const request: RequestInit & { client: Deno.HttpClient } = {
    client,
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  try {
    return await fetch(`http://localhost${path}`, request);
  } catch {
    client.close();
    return undefined; // no socket, or one left behind by an agent that was killed
  }
}

/** The answer's lines, each a JSON object. */
export async function* jsonLines<T>(response: Response): AsyncGenerator<T> {
  let rest = "";
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line) yield JSON.parse(line);
  }
}

/** Why the agent would not, in its words. */
export async function refusal(response: Response): Promise<string> {
  const text = await response.text();
  const reason = text.startsWith("{") ? JSON.parse(text).error : text;
  return `The agent would not (${response.status}): ${reason}`;
}
