// Idempotency keys: one per thing to be sent, the same again for each retry of it.

/** What a key was made for: other text under the same key would be refused. */
export interface Keyed {
  key: string;
  text: string;
}

/** The key of `previous` when the text is still the same, else a fresh one. */
export function keyFor(text: string, previous: Keyed | null, make: () => string = newKey): Keyed {
  return previous?.text === text ? previous : { key: make(), text };
}

/** 128 random bits. `randomUUID` exists in secure contexts only, and a laptop's page may not be one. */
export function newKey(source: Pick<Crypto, "getRandomValues"> & Partial<Crypto> = crypto): string {
  if (source.randomUUID) return source.randomUUID();
  const bytes = source.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
