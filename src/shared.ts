/** Makes who asks while an answer is under way wait for that one. */
export function shared<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let underWay: Promise<Answer> | undefined
  return () =>
    (underWay ??= ask().finally(() => {
      underWay = undefined
    }))
}
