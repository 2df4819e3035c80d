// One post as the reader may see it: from the read model, or from this tab while it is on its way.

import { useCallback, useEffect, useState } from "react";
import type { Post, WrittenPost } from "./api";
import { type ApiError, isAbsent, isApiError } from "./errors";
import { type Services, useServices } from "./services";

export type PostState =
  | { phase: "loading" }
  | { phase: "shown"; post: Post }
  | { phase: "on its way"; post: Post }
  | { phase: "absent" }
  | { phase: "failed"; error: ApiError };

export interface PostView {
  state: PostState;
  again: () => void;
  arrived: (post: Post) => void;
}

export function usePost(id: string): PostView {
  const services = useServices();
  const [state, setState] = useState<PostState>({ phase: "loading" });

  useEffect(() => {
    let wanted = true;
    void look(services, id).then((found) => {
      if (wanted) setState(found);
    });
    return () => {
      wanted = false;
    };
  }, [services, id]);

  const again = useCallback(() => {
    setState({ phase: "loading" });
    void look(services, id).then(setState);
  }, [services, id]);

  const arrived = useCallback(
    (post: Post) => {
      services.own.posts.drop(post.id);
      setState({ phase: "shown", post });
    },
    [services],
  );

  return { state, again, arrived };
}

async function look({ api, own }: Services, id: string): Promise<PostState> {
  try {
    const post = await api.getPost(id);
    own.posts.drop(id);
    return { phase: "shown", post };
  } catch (error) {
    if (!isApiError(error)) throw error;
    return withoutAnswer(
      error,
      own.posts.all().find((post) => post.id === id),
    );
  }
}

/** What to show when the read model gave no post, and `own` is this tab's copy of it, if it has one. */
export function withoutAnswer(error: ApiError, own: WrittenPost | undefined): PostState {
  if (!isAbsent(error)) return { phase: "failed", error };
  return own ? { phase: "on its way", post: unread(own) } : { phase: "absent" };
}

function unread(post: WrittenPost): Post {
  return { ...post, commentCount: 0, comments: [], nextComments: null };
}
