// A form's state in a component, and where the keyboard goes when something in it is wrong.

import {
  type FormEvent,
  type RefObject,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { Form, type FormSpec, type FormState } from "./form";

export interface FormView<Values extends object, Result> extends FormState<Values> {
  form: Form<Values, Result>;
  place: RefObject<HTMLFormElement | null>;
  /** Whether it is being sent: the text must then stay as it is. */
  busy: boolean;
  onSubmit: (event: FormEvent) => void;
  field: (name: keyof Values & string) => FieldView;
}

/** What a field shows and tells, whatever it is for. */
export interface FieldView {
  name: string;
  value: string;
  readOnly: boolean;
  faults: readonly string[];
  onValue: (value: string) => void;
}

/** `spec` is taken as it is at first: its functions must not depend on what changes later. */
export function useForm<Values extends object, Result>(
  spec: FormSpec<Values, Result>,
): FormView<Values, Result> {
  const [form] = useState(() => new Form(spec));
  const state = useSyncExternalStore(form.listen, form.snapshot);
  const place = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.resume();
    window.addEventListener("online", form.tryNow);
    return () => {
      window.removeEventListener("online", form.tryNow);
      form.leave();
    };
  }, [form]);
  useEffect(() => {
    if (state.refusals > 0) {
      place.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
    }
  }, [state.refusals]);
  const busy = state.phase !== "writing";
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void form.submit();
  };
  const field = (name: keyof Values & string): FieldView => ({
    name,
    value: state.values[name] as string,
    readOnly: busy,
    faults: state.faults[name] === undefined ? [] : [state.faults[name]],
    onValue: (value) => {
      form.change(name, value);
    },
  });
  return { ...state, form, place, busy, onSubmit, field };
}
