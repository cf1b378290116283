import type { Clock } from 'gateway-core';
import type { Answer, Question } from './control-messages.js';

/** How long a worker may take to answer. */
const ANSWER_MS = 1_000;

type AnswerTo<Type extends Answer['type']> = Extract<Answer, { type: Type }>;

/** What the primary asks its workers, until each has answered or has had its time. */
export class Questions {
  #lastId = 0;
  readonly #awaited = new Map<number, (answer: Answer | undefined) => void>();

  constructor(private readonly clock: Clock) {}

  /** @returns the answers of those that have answered in time. */
  async ask<Type extends Answer['type']>(
    type: Type,
    workers: readonly { send(question: Question): void }[],
  ): Promise<AnswerTo<Type>[]> {
    const answers = await Promise.all(workers.map((worker) => this.#askOne({ type, id: this.#nextId() }, worker)));
    return answers.filter((answer) => answer?.type === type) as AnswerTo<Type>[];
  }

  /** One that nobody waits for is passed over. */
  answered(answer: Answer): void {
    this.#awaited.get(answer.id)?.(answer);
  }

  #askOne(question: Question, worker: { send(question: Question): void }): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const settle = (answer: Answer | undefined): void => {
        this.clock.clearTimeout(timer);
        this.#awaited.delete(question.id);
        resolve(answer);
      };
      const timer = this.clock.setTimeout(() => settle(undefined), ANSWER_MS);
      this.#awaited.set(question.id, settle);
      worker.send(question);
    });
  }

  /** 0 is nobody's. */
  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}
