// Links, pictures and embedded pages of a post's body: what leads nowhere from here is not offered.

import { texts } from "./texts";

/** An address that means the same wherever the text stands: of another site, of this page, of this blog. */
function leadsSomewhere(address: string): boolean {
  return /^([a-z][a-z0-9+.-]*:|\/\/|#)/i.test(address) || /^\/(posts\/[^/]+)?$/.test(address);
}

/** A link into the files that the text once stood among becomes plain text. */
export function unlinkElsewhere(content: DocumentFragment): void {
  for (const link of content.querySelectorAll("a[href]")) {
    link.removeAttribute("target");
    if (!leadsSomewhere(link.getAttribute("href") ?? "")) link.replaceWith(...link.childNodes);
  }
}

/** A page within the page could watch the reader: a link to it is offered instead. */
export function nameEmbedded(content: DocumentFragment): void {
  for (const frame of content.querySelectorAll("iframe")) {
    const address = frame.getAttribute("src") ?? "";
    const link = document.createElement("a");
    const known = URL.canParse(address) && /^https?:/.test(new URL(address).protocol);
    if (!known) frame.remove();
    else {
      link.href = address;
      link.textContent = frame.title || texts.post.embedded(new URL(address).hostname);
      frame.replaceWith(link);
    }
  }
}

/** Pictures load late, tell no other site where the reader is, and keep their place until they come. */
export function framePictures(content: DocumentFragment): void {
  for (const picture of content.querySelectorAll("img")) {
    if (!leadsSomewhere(picture.getAttribute("src") ?? "")) {
      picture.replaceWith(missing(picture.alt));
      continue;
    }
    picture.setAttribute("loading", "lazy");
    picture.setAttribute("referrerpolicy", "no-referrer");
    if (isAlone(picture) && !picture.hasAttribute("height")) picture.className = "framed";
    picture.addEventListener("error", () => {
      picture.replaceWith(missing(picture.alt, picture.className));
    });
  }
}

/** Nothing else in its paragraph; a picture within a line of text is small. */
function isAlone(picture: Element): boolean {
  const place = picture.closest("p, figure") ?? picture.parentNode;
  return place?.textContent?.trim() === "" && place.querySelectorAll("img").length === 1;
}

function missing(words: string, shape = ""): Element {
  const place = document.createElement("span");
  place.className = `missing ${shape}`.trim();
  place.textContent = words || texts.post.pictureMissing;
  return place;
}
