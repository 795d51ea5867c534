// XML as S3 answers it (Amazon S3 API Reference, "Response Elements"): elements and text, no more. Document types, which
// could make a small answer large, are refused.

/** An element that holds text only. */
export interface XmlLeaf {
  /** Names from the one below the root to its own, with "/" between them. */
  readonly path: string;
  readonly text: string;
}

/** What a document says. */
export interface XmlLeaves {
  readonly root: string;
  /** As they come. */
  readonly leaves: readonly XmlLeaf[];
}

const TOKEN = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([A-Za-z_][\w.:-]*)(?:\s[^<>]*?)?(\/?)>|([^<]+)/y;
const MAX_DEPTH = 20;
const ENTITIES = new Map([["lt", "<"], ["gt", ">"], ["amp", "&"], ["quot", '"'], ["apos", "'"]]);

/** Reads a document. @throws {SyntaxError} with the place of what is no XML of this kind. */
export function readXmlLeaves(xml: string): XmlLeaves {
  const open: string[] = [];
  const leaves: XmlLeaf[] = [];
  let root: string | undefined;
  let leafText: string | undefined;
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < xml.length;) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(xml);
    if (!token) throw fault(xml, at);
    const [, slash, name, selfClosing, text] = token;
    if (text !== undefined) {
      if (open.length === 0 && text.trim() !== "") throw fault(xml, at);
      leafText = leafText === undefined ? undefined : leafText + decodeText(text);
    } else if (name !== undefined && slash === "") {
      if (open.length === 0 && root !== undefined || open.length === MAX_DEPTH) throw fault(xml, at);
      root ??= name;
      open.push(name);
      leafText = "";
    }
    if (name === undefined || slash === "" && selfClosing === "") continue;
    if (open.at(-1) !== name) throw fault(xml, at);
    if (leafText !== undefined) leaves.push({ path: open.slice(1).join("/"), text: leafText });
    open.pop();
    leafText = undefined;
  }
  if (root === undefined || open.length > 0) throw fault(xml, xml.length);
  return { root, leaves };
}

/** Makes a text fit to stand between tags. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function decodeText(text: string): string {
  return text.replace(/&(#?)(x?[0-9a-z]{1,8});/gi, (...[whole, isNumber, name]: string[]) => {
    if (isNumber === "") return ENTITIES.get(name!) ?? whole!;
    const code = /^x/i.test(name!) ? parseInt(name!.slice(1), 16) : Number(name);
    return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole!;
  });
}

function fault(xml: string, at: number): SyntaxError {
  const excerpt = xml.slice(at, at + 40);
  return new SyntaxError(
    excerpt === "" ? `XML ends too early, at ${at}` : `No XML of S3 at ${at}: "${excerpt}"`,
  );
}
