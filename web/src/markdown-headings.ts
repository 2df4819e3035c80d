// Headings of a post's body: below the page's own, and with names to link to.

const HEADINGS = "h1, h2, h3, h4, h5, h6";

export function dropRepeatedTitle(content: DocumentFragment, title: string): void {
  const first = content.querySelector(HEADINGS);
  if (first !== null && spoken(first.textContent) === spoken(title)) first.remove();
}

function spoken(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/**
 * The page's own title is the one `h1`. The first heading of the body becomes an `h2`, the others
 * keep their distance from it, and none is more than one level below the one before: who hears the
 * page moves by these levels.
 */
export function lowerHeadings(content: DocumentFragment): void {
  const headings = [...content.querySelectorAll(HEADINGS)];
  const highest = Math.min(...headings.map(level));
  let before = 1;
  for (const heading of headings) {
    before = Math.min(level(heading) - highest + 2, before + 1, 6);
    const lowered = document.createElement(`h${before}`);
    lowered.id = heading.id;
    lowered.append(...heading.childNodes);
    heading.replaceWith(lowered);
  }
}

function level(heading: Element): number {
  return Number(heading.tagName.slice(1));
}

/** What the sanitiser puts before every name in a body, so that none is one of the page's. */
const PREFIX = "user-content-";

/** Gives each heading the name that Markdown's writers link to, and leads such links there. */
export function nameHeadings(content: DocumentFragment): void {
  const taken = new Set<string>();
  for (const heading of content.querySelectorAll(HEADINGS)) {
    const name = heading.id || unused(slug(heading.textContent), taken);
    taken.add(name);
    heading.id = name;
  }
  for (const link of content.querySelectorAll('a[href^="#"]')) {
    link.setAttribute("href", `#${PREFIX}${link.getAttribute("href")?.slice(1) ?? ""}`);
  }
}

function slug(text: string): string {
  const words = text.toLowerCase().replace(/[^\p{L}\p{M}\p{N}\s_-]/gu, "");
  return PREFIX + words.trim().replace(/\s/g, "-");
}

function unused(name: string, taken: ReadonlySet<string>): string {
  for (let n = 0; ; n += 1) {
    const candidate = n === 0 ? name : `${name}-${n}`;
    if (!taken.has(candidate)) return candidate;
  }
}
