/**
 * Commands that have no answer yet, of a client that forgets them when its connection breaks: ioredis, told to send
 * nothing twice, drops them once it is connected again, and whoever waits for one waits for ever.
 */
export class UnderWay {
  readonly #rejects = new Set<(error: Error) => void>();

  /** The same answer, or the news that there will be none. */
  track<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#rejects.add(reject);
      const ended = () => this.#rejects.delete(reject);
      answer.then(
        (value) => {
          ended();
          resolve(value);
        },
        (error: unknown) => {
          ended();
          reject(error);
        },
      );
    });
  }

  /** The connection broke. */
  lost(): void {
    const rejects = [...this.#rejects];
    this.#rejects.clear();
    const error = new Error("the connection broke before there was an answer");
    for (const reject of rejects) reject(error);
  }
}
