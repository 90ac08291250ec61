/**
 * A mail as Python's `email` reads it: a parser that shares nothing with what wrote it.
 */
export interface PythonMail {
  readonly subject: string;
  readonly messageId: string;
  readonly text: string;
  readonly html: string;
  readonly pictureBytes: readonly number[];
  readonly defects: readonly string[];
}

const script = `
import email, email.policy, json, sys
mail = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
content = lambda kind: mail.get_body((kind,)).get_content()
print(json.dumps({
    "subject": mail["Subject"],
    "messageId": mail["Message-ID"],
    "text": content("plain"),
    "html": content("html"),
    "pictureBytes": [len(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "image"],
    "defects": [repr(defect) for part in mail.walk() for defect in part.defects],
}))
`;

/** @throws Error where there is no python3, or it cannot read the mail */
export async function readByPython(raw: Uint8Array): Promise<PythonMail> {
  const python = new Deno.Command("python3", { args: ["-c", script], stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const input = python.stdin.getWriter();
  await input.write(raw);
  await input.close();
  const { success, stdout, stderr } = await python.output();
  if (!success) throw new Error(`Python cannot read the mail: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
