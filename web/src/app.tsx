// The frame around every page, and which page stands in it.

import { useEffect, useRef, useSyncExternalStore } from "react";
import { AuthorButton } from "./components/author-button";
import { Link } from "./components/link";
import { ListPage } from "./components/list-page";
import { NotFound } from "./components/notice";
import { PostPage } from "./components/post-page";
import { ThemeSelect } from "./components/theme-select";
import { LIST_PATH, parseRoute, usePath } from "./router";
import { useServices } from "./services";
import { texts } from "./texts";
import { type PostList, usePosts } from "./use-posts";

export function App() {
  const path = usePath();
  const list = usePosts();
  return (
    <>
      <a className="skip" href="#content">
        {texts.skip}
      </a>
      <header className="site">
        <Link className="home" to={LIST_PATH}>
          <img src="/icon.svg" alt="" width="32" height="32" />
          {texts.blogName}
        </Link>
        <p>{texts.tagline}</p>
        <AuthorButton />
      </header>
      <Main path={path} list={list} />
      <footer className="site">
        <Link to={LIST_PATH}>{texts.home}</Link>
        <a href="/api/feed.xml">{texts.feed}</a>
        <a href="/licenses.txt">{texts.licenses}</a>
        <ThemeSelect />
      </footer>
      <LiveRegion />
    </>
  );
}

/** One place for all that happens by itself: a screen reader follows those that were there from the start. */
function LiveRegion() {
  const { news } = useServices();
  const text = useSyncExternalStore(news.listen, news.last);
  return (
    <p className="unseen" role="status">
      {text}
    </p>
  );
}

function Main({ path, list }: { path: string; list: PostList }) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    // A reader with a screen reader hears that the page has changed, as after a load.
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <main id="content" ref={main} tabIndex={-1}>
      <Page path={path} list={list} />
    </main>
  );
}

function Page({ path, list }: { path: string; list: PostList }) {
  const route = parseRoute(path);
  if (route.page === "list") return <ListPage list={list} />;
  if (route.page === "post") return <PostPage key={route.id} id={route.id} />;
  return <NotFound />;
}
