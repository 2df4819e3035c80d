// Colours for code: loaded when a post has a block that names its language, and of those languages only.

import hljs from "highlight.js/lib/core";
import type { LanguageFn } from "highlight.js";

type Load = () => Promise<{ default: LanguageFn }>;

const LANGUAGES: Readonly<Record<string, Load>> = {
  bash: () => import("highlight.js/lib/languages/bash"),
  css: () => import("highlight.js/lib/languages/css"),
  diff: () => import("highlight.js/lib/languages/diff"),
  dockerfile: () => import("highlight.js/lib/languages/dockerfile"),
  go: () => import("highlight.js/lib/languages/go"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  python: () => import("highlight.js/lib/languages/python"),
  rust: () => import("highlight.js/lib/languages/rust"),
  sql: () => import("highlight.js/lib/languages/sql"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  xml: () => import("highlight.js/lib/languages/xml"),
  yaml: () => import("highlight.js/lib/languages/yaml"),
};

const OTHER_NAMES: Readonly<Record<string, string>> = {
  console: "bash",
  golang: "go",
  html: "xml",
  js: "javascript",
  jsx: "javascript",
  py: "python",
  sh: "bash",
  shell: "bash",
  ts: "typescript",
  tsx: "typescript",
  yml: "yaml",
};

/** Colours take time on the reader's machine: a block longer than any that is read stays plain. */
const LONGEST = 50_000;

export async function highlight(block: HTMLElement): Promise<void> {
  const named = block.className.replace("language-", "").toLowerCase();
  const language = OTHER_NAMES[named] ?? named;
  const load = LANGUAGES[language];
  const code = block.textContent;
  if (load === undefined || code.length > LONGEST) return;
  hljs.registerLanguage(language, (await load()).default);
  // Its text is escaped there and nothing but spans is added.
  block.innerHTML = hljs.highlight(code, { language, ignoreIllegals: true }).value;
}
