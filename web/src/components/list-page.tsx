// The list of posts, newest first, and where the author writes a new one.

import { useCallback, useEffect, useRef, useState } from "react";
import type { PostDraft, WrittenPost } from "../api";
import { follow } from "../poll";
import { useServices, useToken } from "../services";
import { texts } from "../texts";
import { useHead } from "../use-head";
import type { PostList } from "../use-posts";
import { Away, Loading, More } from "./notice";
import { DeletedCard, PostCard } from "./post-card";
import { NEW_POST, PostForm } from "./post-form";
import { useSignIn } from "./sign-in";

export function ListPage({ list }: { list: PostList }) {
  const { refresh } = list;
  useHead(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    void follow(refresh, stop.signal);
    return () => {
      stop.abort();
    };
  }, [refresh, round]);

  if (list.posts === null && list.error !== null) {
    return <Away onAgain={() => setRound(round + 1)} />;
  }
  if (list.posts === null) return <Loading />;
  return <Loaded list={list} empty={list.posts.length === 0} />;
}

function Loaded({ list, empty }: { list: PostList; empty: boolean }) {
  const { drafts } = useServices();
  const signedIn = useToken() !== null;
  // A draft found again is what its writer came back for.
  const [writing, setWriting] = useState(() => drafts<PostDraft>(NEW_POST).get() !== null);
  const heading = useRef<HTMLHeadingElement>(null);
  const { add } = list;

  const onWritten = useCallback(
    (post: WrittenPost) => {
      add(post);
      setWriting(false);
      // The form is gone from under the keyboard: it goes to where the new post stands.
      heading.current?.focus();
    },
    [add],
  );

  return (
    <>
      <div className="top">
        <h1 ref={heading} tabIndex={-1}>
          {empty ? texts.list.emptyHeading : texts.list.heading}
        </h1>
        {signedIn && (
          <button aria-expanded={writing} onClick={() => setWriting(!writing)}>
            {writing ? texts.writePost.close : texts.writePost.open}
          </button>
        )}
      </div>
      {empty && !signedIn && <Invitation onSignedIn={() => setWriting(true)} />}
      {signedIn && writing && <PostForm onWritten={onWritten} />}
      <Posts list={list} />
    </>
  );
}

function Invitation({ onSignedIn }: { onSignedIn: () => void }) {
  const { begin, dialog } = useSignIn(onSignedIn);
  return (
    <div className="invitation">
      <p>{texts.list.emptyText}</p>
      <button className="primary" onClick={begin}>
        {texts.list.first}
      </button>
      {dialog}
    </div>
  );
}

function Posts({ list }: { list: PostList }) {
  const { posts, onTheirWay, goingAway, next, older, olderError, arrived, wentAway } = list;
  const waiting = new Set(onTheirWay.map((post) => post.id));
  return (
    <>
      <div className="posts">
        {goingAway.map(({ id }) => (
          <DeletedCard key={id} id={id} onGone={wentAway} />
        ))}
        {posts?.map((post) => (
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
