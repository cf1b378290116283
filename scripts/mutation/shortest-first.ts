import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Milliseconds that each file took when it was first run, which is with no mutant in it. */
const firstTook = new Map<string, number>();

/** Most mutants are killed by many tests, so the run ends soonest where the quick files come first. */
export class ShortestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const took = (file: TestSpecification) => {
      const key = `${file.project.name}:${relative(this.ctx.config.root, file.moduleId)}`;
      const durationMs = firstTook.get(key) ?? this.ctx.cache.getFileTestResults(key)?.duration;
      if (durationMs !== undefined) firstTook.set(key, durationMs);
      return durationMs ?? 0;
    };
    return files
      .map((file) => ({ file, tookMs: took(file) }))
      .sort((a, b) => a.tookMs - b.tookMs)
      .map(({ file }) => file);
  }
}
