// The composition root: builds what the page reaches the world through.

import { connect } from "./api";
import { draftsIn } from "./drafts";
import { kept } from "./kept";
import { createNews } from "./news";
import { ownIn } from "./own";
import type { Services } from "./services";
import { themeIn } from "./theme";
import { tokenIn } from "./token";

/** `lasting` outlives the tab, `tab` does not. */
export function compose(lasting: Storage, tab: Storage, api = connect()): Services {
  return {
    api,
    own: ownIn(lasting, tab),
    drafts: draftsIn(lasting),
    token: tokenIn(tab),
    name: kept(lasting, "reader-name"),
    theme: themeIn(lasting, document.documentElement),
    news: createNews(),
  };
}
