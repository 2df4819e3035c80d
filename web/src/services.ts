// What the components reach the world through, handed to them by the composition root.

import { createContext, useContext, useSyncExternalStore } from "react";
import type { Api, Token } from "./api";
import type { Drafts } from "./drafts";
import type { Kept } from "./kept";
import type { News } from "./news";
import type { Own } from "./own";
import type { ThemeChoice } from "./theme";
import type { TokenBox } from "./token";

export interface Services {
  api: Api;
  own: Own;
  drafts: Drafts;
  token: TokenBox;
  /** The name that this browser's reader signs comments with. */
  name: Kept<string>;
  theme: ThemeChoice;
  news: News;
}

const Context = createContext<Services | null>(null);

export const ServicesProvider = Context.Provider;

export function useServices(): Services {
  const services = useContext(Context);
  if (services === null) throw new Error("a component stands outside ServicesProvider");
  return services;
}

/** The author's token while the author is signed in, else null. */
export function useToken(): Token | null {
  const { token } = useServices();
  return useSyncExternalStore(token.listen, token.get);
}
