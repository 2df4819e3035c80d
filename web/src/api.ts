// The one module that talks to the API: its paths, its types, its headers.

import { readProblem, Unreachable } from "./errors";

export type Status = "pending" | "approved" | "rejected";

export interface Comment {
  id: string;
  postId: string;
  /** Null when none was given, and, like `content`, when a reader may not see it. */
  author: string | null;
  content: string | null;
  status: Status;
  /** A category such as `word-list`; null unless rejected. */
  reason: string | null;
  createdAt: string;
  version: number;
}

interface PostHead {
  id: string;
  title: string;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** What `posts` answers to a command. */
export interface WrittenPost extends PostHead {
  body: string;
}

export interface ListedPost extends PostHead {
  excerpt: string;
  commentCount: number;
}

export interface Post extends WrittenPost {
  commentCount: number;
  comments: Comment[];
  nextComments: string | null;
}

export interface PostsPage {
  posts: ListedPost[];
  next: string | null;
}

export interface CommentsPage {
  comments: Comment[];
  next: string | null;
}

export interface PostDraft {
  title: string;
  body: string;
}

export interface CommentDraft {
  content: string;
  author: string | null;
}

/** What a command carries beside its text. */
export interface Envelope {
  key: string;
  token?: string | null;
}

export interface Api {
  listPosts: (cursor?: string) => Promise<PostsPage>;
  getPost: (id: string) => Promise<Post>;
  listComments: (postId: string, cursor: string) => Promise<CommentsPage>;
  getComment: (postId: string, id: string) => Promise<Comment>;
  createPost: (draft: PostDraft, envelope: Envelope) => Promise<WrittenPost>;
  createComment: (postId: string, draft: CommentDraft, envelope: Envelope) => Promise<Comment>;
}

/** Longer than a cold start takes, shorter than a reader's patience. */
const TIMEOUT_MS = 20_000;

/** The API behind `/api` of the same origin; every call rejects with an `ApiError`. */
export function connect(send: typeof fetch = fetch.bind(globalThis)): Api {
  async function request<T>(path: string, init: RequestInit): Promise<T> {
    try {
      const answer = await send(`/api${path}`, {
        ...init,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!answer.ok) throw await readProblem(answer);
      return (await answer.json()) as T;
    } catch (error) {
      // A network failure, a time-out and a body that is no JSON leave the same doubt.
      if (error instanceof Error && error.name !== "Problem") {
        throw new Unreachable(error.message, { cause: error });
      }
      throw error;
    }
  }

  // `no-cache` asks with the stored ETag each time: a poll never sees its own last answer as news.
  const get = <T>(path: string) => request<T>(path, { cache: "no-cache" });
  const post = <T>(path: string, draft: object, envelope: Envelope) =>
    request<T>(path, {
      method: "POST",
      headers: commandHeaders(envelope),
      body: JSON.stringify(draft),
    });

  return {
    listPosts: (cursor) =>
      get(cursor === undefined ? "/posts" : `/posts?cursor=${encoded(cursor)}`),
    getPost: (id) => get(`/posts/${encoded(id)}`),
    listComments: (postId, cursor) =>
      get(`/posts/${encoded(postId)}/comments?cursor=${encoded(cursor)}`),
    getComment: (postId, id) => get(`/posts/${encoded(postId)}/comments/${encoded(id)}`),
    createPost: (draft, envelope) => post("/posts", draft, envelope),
    createComment: (postId, draft, envelope) =>
      post(`/posts/${encoded(postId)}/comments`, draft, envelope),
  };
}

const encoded = encodeURIComponent;

function commandHeaders({ key, token }: Envelope): Record<string, string> {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  return token ? { ...headers, Authorization: `Bearer ${token}` } : headers;
}
