// The one module that talks to the API: its paths, its types, its headers.

import { Problem, readProblem, Unreachable } from "./errors";

export type Decision = "approved" | "rejected";
export type Status = "pending" | Decision;

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

/** The author's token; empty where writing needs none. */
export type Token = string;

/** What a command that creates carries beside its text. */
export interface Envelope {
  key: string;
  token?: Token;
}

/** An answer to a read. */
export interface Read<T> {
  value: T;
  /** Given out by a cache although it is old; read again, it is likely to be newer. */
  stale: boolean;
}

export interface Api {
  listPosts: (cursor?: string) => Promise<Read<PostsPage>>;
  getPost: (id: string) => Promise<Read<Post>>;
  listComments: (postId: string, cursor: string) => Promise<Read<CommentsPage>>;
  getComment: (postId: string, id: string) => Promise<Read<Comment>>;
  createPost: (draft: PostDraft, envelope: Envelope) => Promise<WrittenPost>;
  updatePost: (id: string, draft: PostDraft, token: Token) => Promise<WrittenPost>;
  deletePost: (id: string, token: Token) => Promise<void>;
  createComment: (postId: string, draft: CommentDraft, envelope: Envelope) => Promise<Comment>;
  /** Answers the comment as a reader sees it. */
  decide: (comment: Comment, status: Decision, token: Token) => Promise<Comment>;
  mayWrite: (token: Token) => Promise<boolean>;
}

/** Longer than a cold start takes, shorter than a reader's patience. */
const TIMEOUT_MS = 20_000;

/** The API behind `/api` of the same origin; every call rejects with an `ApiError`. */
export function connect(send: typeof fetch = fetch.bind(globalThis)): Api {
  async function request(path: string, init: RequestInit): Promise<Response> {
    const answer = await send(`/api${path}`, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw await readProblem(answer);
    return answer;
  }

  // `no-cache` asks with the stored ETag each time: a poll never sees its own last answer as news.
  const get = <T>(path: string) =>
    reached(async (): Promise<Read<T>> => {
      const answer = await request(path, { cache: "no-cache" });
      return { value: (await answer.json()) as T, stale: isStale(answer) };
    });

  const command = <T>(method: string, path: string, { document, ...headers }: Command) =>
    reached(async (): Promise<T> => {
      const body = document === undefined ? null : JSON.stringify(document);
      const answer = await request(path, { method, headers: commandHeaders(headers), body });
      return (answer.status === 204 ? undefined : await answer.json()) as T;
    });

  return {
    listPosts: (cursor) =>
      get(cursor === undefined ? "/posts" : `/posts?cursor=${encoded(cursor)}`),
    getPost: (id) => get(post(id)),
    listComments: (postId, cursor) => get(`${post(postId)}/comments?cursor=${encoded(cursor)}`),
    getComment: (postId, id) => get(`${post(postId)}/comments/${encoded(id)}`),
    createPost: (document, envelope) => command("POST", "/posts", { document, ...envelope }),
    updatePost: (id, document, token) => command("PATCH", post(id), { document, token }),
    deletePost: (id, token) => command("DELETE", post(id), { token }),
    createComment: (postId, document, envelope) =>
      command("POST", `${post(postId)}/comments`, { document, ...envelope }),
    decide: ({ postId, id }, status, token) =>
      command("PATCH", `${post(postId)}/comments/${encoded(id)}`, { document: { status }, token }),
    mayWrite: (token) => notRefused(command("POST", "/posts", { document: {}, token })),
  };
}

/** A post without a title is never taken; but the token is looked at before the post is. */
async function notRefused(answer: Promise<unknown>): Promise<boolean> {
  try {
    await answer;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return false;
    if (!(error instanceof Problem && error.status === 422)) throw error;
  }
  return true;
}

/** A network failure, a time-out and a body that is no JSON leave the same doubt. */
async function reached<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Problem || !(error instanceof Error)) throw error;
    throw new Unreachable(error.message, { cause: error });
  }
}

const encoded = encodeURIComponent;
const post = (id: string) => `/posts/${encoded(id)}`;

interface Command {
  document?: object;
  key?: string;
  token?: Token;
}

function commandHeaders({ key, token }: Omit<Command, "document">): Record<string, string> {
  return {
    "Content-Type": "application/json",
    ...(key === undefined ? {} : { "Idempotency-Key": key }),
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
  };
}

/**
 * `sleeping-blog; hit; detail=stale`, or a hit with a negative `ttl` (RFC 9211); several caches are
 * one list. Behind `fwd=stale` is a fresh answer: what was kept was stale, so the function was asked.
 */
function isStale(answer: Response): boolean {
  const caches = (answer.headers.get("Cache-Status") ?? "").split(",");
  return caches.some((said) => /;\s*hit\b/i.test(said) && /\bdetail=stale\b|\bttl=-/i.test(said));
}
