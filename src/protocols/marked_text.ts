/** Messages that a G-code file addresses to its owner, in the dialects in use. Hosts pass them on as they stand. */

/** By what a text begins, and whether it is `title|body`. */
const marks: readonly { readonly begins: string; readonly hasTitle: boolean }[] = [
  { begins: "UserNotif", hasTitle: false },
  { begins: "$MR$:", hasTitle: true },
  { begins: "MR_NOTIFY:", hasTitle: true },
  { begins: "[ESP600]", hasTitle: false },
];

/** The text of a message in one of the marked dialects; `Title: body` where the dialect has `title|body`. */
export function markedText(text: string): string | undefined {
  const first = text.charCodeAt(0);
  if (first !== 85 && first !== 36 && first !== 77 && first !== 91) return undefined; // U $ M [
  const plain = text.startsWith("M117 ") ? text.slice(5).trimStart() : text;
  for (const { begins, hasTitle } of marks) {
    if (!plain.startsWith(begins)) continue;
    const rest = plain.slice(begins.length);
    if (begins === "UserNotif" && !/^[\s:]/.test(rest)) return undefined;
    const body = rest.replace(/^[\s:]+/, "").trimEnd();
    return (hasTitle ? withTitle(body) : body) || undefined;
  }
  return undefined;
}

function withTitle(text: string): string {
  const [title = "", ...rest] = text.split("|");
  return [title.trim(), rest.join("|").trim()].filter((part) => part !== "").join(": ");
}
