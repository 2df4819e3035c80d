// A form's life from the first letter to the API's answer: draft, faults, sending, trying again.

import type { Draft } from "./drafts";
import { type ApiError, isApiError, Problem } from "./errors";
import { keyFor } from "./key";
import type { Kept } from "./kept";
import type { Faults } from "./rules";
import { Attempt } from "./submit";

export interface FormSpec<Values, Result> {
  draft: Kept<Draft<Values>>;
  initial: () => Values;
  check: (values: Values, whole: boolean) => Faults;
  send: (values: Values, key: string) => Promise<Result>;
  onDone: (result: Result) => void;
}

export interface FormState<Values> {
  values: Values;
  phase: "writing" | "sending" | "waiting";
  /** Why it is being tried again, or why it was refused. */
  error: ApiError | null;
  faults: Faults;
  /** Grows each time that something is found wrong on sending: then the keyboard goes there. */
  refusals: number;
  /** Whether there is something to lose. */
  changed: boolean;
}

type Text = Record<string, string>;

export class Form<Values extends object, Result> {
  private draft: Draft<Values>;
  private attempt: Attempt | null = null;
  private refused: { error: ApiError; values: Values } | null = null;
  private whole = false;
  private shown: FormState<Values>;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly spec: FormSpec<Values, Result>) {
    const found = spec.draft.get();
    this.draft = found ?? fresh(spec.initial());
    // An older page may have known other fields.
    this.draft.values = { ...spec.initial(), ...this.draft.values };
    this.shown = this.state("writing", null, 0);
  }

  readonly snapshot = () => this.shown;

  readonly listen = (look: () => void) => {
    this.listeners.add(look);
    return () => {
      this.listeners.delete(look);
    };
  };

  readonly change = (field: keyof Values, value: string) => {
    this.keep({ ...this.draft, values: { ...this.draft.values, [field]: value } });
    this.show(this.shown.phase, this.shown.error);
  };

  readonly submit = async () => {
    if (this.attempt !== null) return; // a double click makes one
    this.whole = true;
    this.refused = null;
    const { values } = this.draft;
    if (Object.keys(this.spec.check(values, true)).length > 0) {
      this.show("writing", null, this.shown.refusals + 1);
      return;
    }
    const last = keyFor(JSON.stringify(values), this.draft.last);
    this.keep({ ...this.draft, last, sending: true });
    const attempt = (this.attempt = new Attempt((error) => {
      this.show("waiting", error);
    }));
    this.show("sending", null);
    try {
      this.taken(await attempt.run(() => this.spec.send(values, last.key)));
    } catch (error) {
      if (!isApiError(error)) throw error;
      this.notTaken(error, attempt);
    }
  };

  readonly tryNow = () => {
    this.attempt?.hurry();
  };

  /** Gives the text back to the writer; whether it was taken is then unknown. */
  readonly stop = () => {
    this.attempt?.stop();
  };

  /** Goes on with what was being sent when the page was left. */
  readonly resume = () => {
    if (this.draft.sending) void this.submit();
  };

  /** The page is left: the draft stays as it is, to be gone on with. */
  readonly leave = () => {
    const left = this.attempt;
    this.attempt = null;
    left?.stop();
  };

  readonly discard = () => {
    this.forget();
    this.show("writing", null);
  };

  private taken(result: Result): void {
    this.forget();
    this.show("writing", null);
    this.spec.onDone(result);
  }

  private notTaken(error: ApiError, attempt: Attempt): void {
    if (this.attempt !== attempt) return; // left meanwhile
    this.attempt = null;
    this.refused = { error, values: this.draft.values };
    this.keep({ ...this.draft, sending: false });
    this.show("writing", error, this.shown.refusals + 1);
  }

  private forget(): void {
    this.attempt = null;
    this.refused = null;
    this.whole = false;
    this.spec.draft.set(null);
    this.draft = fresh(this.spec.initial());
  }

  private keep(draft: Draft<Values>): void {
    this.draft = { ...draft, at: Date.now() };
    this.spec.draft.set(this.changed() || draft.sending ? this.draft : null);
  }

  private changed(): boolean {
    return JSON.stringify(this.draft.values) !== JSON.stringify(this.spec.initial());
  }

  private show(phase: FormState<Values>["phase"], error: ApiError | null, refusals?: number): void {
    this.shown = this.state(phase, error, refusals ?? this.shown.refusals);
    this.listeners.forEach((look) => {
      look();
    });
  }

  private state(
    phase: FormState<Values>["phase"],
    error: ApiError | null,
    refusals: number,
  ): FormState<Values> {
    const { values } = this.draft;
    const faults = { ...this.serverFaults(), ...this.spec.check(values, this.whole) };
    return { values, phase, error, faults, refusals, changed: this.changed() };
  }

  /** What the server found wrong, until that field is changed. */
  private serverFaults(): Faults {
    if (!(this.refused?.error instanceof Problem)) return {};
    const [then, now] = [this.refused.values as Text, this.draft.values as Text];
    return Object.fromEntries(
      this.refused.error.faults
        .filter(({ field }) => field in now && then[field] === now[field])
        .map(({ field, detail }) => [field, detail]),
    );
  }
}

function fresh<Values>(values: Values): Draft<Values> {
  return { values, last: null, sending: false, at: 0 };
}
