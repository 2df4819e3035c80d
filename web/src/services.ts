// What the components reach the world through, handed to them by the composition root.

import { createContext, useContext } from "react";
import type { Api } from "./api";
import type { Own } from "./own";
import type { TokenBox } from "./token";

export interface Services {
  api: Api;
  own: Own;
  token: TokenBox;
}

const Context = createContext<Services | null>(null);

export const ServicesProvider = Context.Provider;

export function useServices(): Services {
  const services = useContext(Context);
  if (services === null) throw new Error("a component stands outside ServicesProvider");
  return services;
}
