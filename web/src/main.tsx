// The entry: shows the page.

import { createRoot } from "react-dom/client";
import { App } from "./app";
import { compose } from "./compose";
import { ServicesProvider } from "./services";
import { browserStorage } from "./storage";
import "./style.css";

const place = document.getElementById("page");
if (place === null) throw new Error("index.html has no element with the id `page`");

createRoot(place).render(
  <ServicesProvider
    value={compose(browserStorage("localStorage"), browserStorage("sessionStorage"))}
  >
    <App />
  </ServicesProvider>,
);
