// From a post's Markdown to elements that cannot run anything. Loaded only where a post is shown.

import createPurify from "dompurify";
import { marked, type TokenizerAndRendererExtension } from "marked";
import { dropRepeatedTitle, lowerHeadings, nameHeadings } from "./markdown-headings";
import { framePictures, nameEmbedded, unlinkElsewhere } from "./markdown-links";

const purify = createPurify(window);

/** Text and its structure, tables, pictures, code; nothing to fill in, to embed or to style with. */
const RULES = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["style", "form", "input", "button", "select", "textarea", "option", "dialog"],
  FORBID_ATTR: ["style", "class", "autofocus", "tabindex", "srcset", "background", "role"],
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  // Only as long as it takes to put a link in its place.
  ADD_TAGS: ["iframe"],
  SANITIZE_NAMED_PROPS: true,
  RETURN_DOM_FRAGMENT: true as const,
};

// The language of a block of code is all that a class may say.
purify.addHook("uponSanitizeAttribute", (element, attribute) => {
  const language = /^language-([\w+#-]{1,20})$/.exec(attribute.attrValue)?.[1];
  if (attribute.attrName === "class" && element.tagName === "CODE" && language !== undefined) {
    attribute.forceKeepAttr = true;
  }
});

/** `!!! note "Title"` and an indented text, as many posts mark an aside. */
const aside: TokenizerAndRendererExtension = {
  name: "aside",
  level: "block",
  start: (text) => /^!!! /m.exec(text)?.index,
  tokenizer(text) {
    const found = /^!!! (\w+)(?: "(.*)")?\n+((?:(?: {4}|\t).*(?:\n|$)|[ \t]*\n)+)/.exec(text);
    if (found === null) return undefined;
    const [raw, kind = "", title = kind.charAt(0).toUpperCase() + kind.slice(1), body = ""] = found;
    const tokens = this.lexer.blockTokens(body.replace(/^(?: {4}|\t)/gm, ""), []);
    return { type: "aside", raw, title, tokens };
  },
  renderer(token) {
    const title = this.parser.parseInline(marked.Lexer.lexInline(String(token.title)));
    const heading = title && `<p><strong>${title}</strong></p>`;
    return `<blockquote>${heading}${this.parser.parse(token.tokens ?? [])}</blockquote>`;
  },
};

/** `{:target="_blank"}` after a link, as many posts have it: it speaks to another renderer, not to the reader. */
const attributes: TokenizerAndRendererExtension = {
  name: "attributes",
  level: "inline",
  start: (text) => text.indexOf("{:"),
  tokenizer(text) {
    const raw = /^\{:[^{}\n]*\}/.exec(text)?.[0];
    return raw === undefined ? undefined : { type: "attributes", raw };
  },
  renderer: () => "",
};

marked.use({ extensions: [aside, attributes] });

/** The body as elements, to stand below a heading with `title`. */
export function renderMarkdown(body: string, title: string): DocumentFragment {
  const html = marked.parse(body, { async: false, gfm: true });
  const content = purify.sanitize(html, RULES);
  dropRepeatedTitle(content, title);
  lowerHeadings(content);
  nameHeadings(content);
  nameEmbedded(content);
  unlinkElsewhere(content);
  framePictures(content);
  content.querySelectorAll("p, li, h2, h3, h4, h5, h6, td, th, dt, dd").forEach(takeOwnDirection);
  content.querySelectorAll("pre, table").forEach(makeScrollable);
  colourCode(content);
  return content;
}

/** Code is coloured once what can do that has come; the text stays the same, and where it is. */
function colourCode(content: DocumentFragment): void {
  const blocks = [...content.querySelectorAll<HTMLElement>("pre > code[class]")];
  if (blocks.length === 0) return;
  void import("./highlight")
    .then(({ highlight }) => Promise.all(blocks.map(highlight)))
    .catch(() => undefined); // uncoloured code is code all the same
}

/** Each block by its own first letter, so that a right-to-left paragraph may stand among others. */
function takeOwnDirection(block: Element): void {
  block.setAttribute("dir", "auto");
}

/** Wide content scrolls in a box of its own, which the keyboard can reach. */
function makeScrollable(wide: Element): void {
  const box = document.createElement("div");
  box.className = "scroll";
  box.tabIndex = 0;
  wide.replaceWith(box);
  box.append(wide);
}
