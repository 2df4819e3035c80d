// The list of posts, newest first, and where a new one is written.

import { useEffect, useRef, useState } from "react";
import type { WrittenPost } from "../api";
import { listed } from "../merge";
import { texts } from "../texts";
import type { PostList } from "../use-posts";
import { useTitle } from "../use-title";
import { Away, Loading, More } from "./notice";
import { PostCard } from "./post-card";
import { PostForm } from "./post-form";

export function ListPage({ list }: { list: PostList }) {
  const { refresh, add } = list;
  const [writing, setWriting] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useTitle(null);
  useEffect(() => {
    void refresh();
  }, [refresh]);

  const onWritten = (post: WrittenPost) => {
    add(post);
    setWriting(false);
    // The form is gone from under the keyboard: it goes to where the new post stands.
    heading.current?.focus();
  };

  if (list.posts === null && list.error !== null) return <Away onAgain={() => void refresh()} />;
  if (list.posts === null) return <Loading />;
  const empty = list.posts.length === 0 && list.onTheirWay.length === 0;
  return (
    <>
      <div className="top">
        <h1 ref={heading} tabIndex={-1}>
          {empty ? texts.list.emptyHeading : texts.list.heading}
        </h1>
        <button
          aria-expanded={writing}
          onClick={() => {
            setWriting(!writing);
          }}
        >
          {writing ? texts.writePost.close : texts.writePost.open}
        </button>
      </div>
      {empty && <p className="invitation">{texts.list.emptyText}</p>}
      {/* Hidden, not gone: closing the form keeps what was written in it. */}
      <div hidden={!writing}>
        <PostForm onWritten={onWritten} />
      </div>
      <Posts list={list} />
    </>
  );
}

function Posts({ list }: { list: PostList }) {
  const { posts, onTheirWay, next, older, olderError, arrived } = list;
  const waiting = new Set(onTheirWay.map((post) => post.id));
  const own = onTheirWay.toReversed().map(listed);
  const others = posts?.filter((post) => !waiting.has(post.id)) ?? [];
  return (
    <>
      <div className="posts">
        {[...own, ...others].map((post) => (
          <PostCard key={post.id} post={post} onArrived={waiting.has(post.id) ? arrived : null} />
        ))}
      </div>
      {next !== null && (
        <More
          label={texts.list.older}
          failure={olderError && texts.list.olderFailed}
          onMore={() => void older(next)}
        />
      )}
    </>
  );
}
