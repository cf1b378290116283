import type { TestProject } from 'vitest/node';
import { build } from '../../scripts/build.mjs';

/** Files of this project start what `dist` holds: a run of them alone must not meet an older build. */
export default async function setup(project: TestProject): Promise<void> {
  await build();
  project.onTestsRerun(async () => void (await build()));
}
