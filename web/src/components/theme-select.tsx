// The reader's choice of colours.

import { type ChangeEvent, useId, useState } from "react";
import { useServices } from "../services";
import { texts } from "../texts";
import { THEMES } from "../theme";

export function ThemeSelect() {
  const { theme } = useServices();
  const [chosen, setChosen] = useState(theme.get);
  const id = useId();
  const onChange = (event: ChangeEvent<HTMLSelectElement>) => {
    const next = THEMES.find((name) => name === event.currentTarget.value) ?? "system";
    theme.set(next);
    setChosen(next);
  };
  return (
    <span className="theme">
      <label htmlFor={id}>{texts.theme.label}</label>
      <select id={id} value={chosen} onChange={onChange}>
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {texts.theme.names[name]}
          </option>
        ))}
      </select>
    </span>
  );
}
