// The composition root: builds what the page reaches the world through, and shows the page.

import { createRoot } from "react-dom/client";
import { connect } from "./api";
import { App } from "./app";
import { ownIn } from "./own";
import { ServicesProvider } from "./services";
import { tabStorage } from "./storage";
import "./style.css";
import { tokenIn } from "./token";

const storage = tabStorage();
const services = { api: connect(), own: ownIn(storage), token: tokenIn(storage) };
const place = document.getElementById("page");
if (place === null) throw new Error("index.html has no element with the id `page`");

createRoot(place).render(
  <ServicesProvider value={services}>
    <App />
  </ServicesProvider>,
);
