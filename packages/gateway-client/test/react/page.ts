import type { ReactNode } from 'react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, type MockInstance, vi } from 'vitest';
import type { World } from '../support.js';

/** What React complained of since the test began. */
export let complaints: MockInstance<typeof console.error>;
const roots = new Set<Root>();

/** What each test of a page needs; called once in a file. */
export function preparePage(): void {
  beforeEach(() => {
    vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
    complaints = vi.spyOn(console, 'error');
  });
  afterEach(() => {
    act(() => {
      for (const root of roots) root.unmount();
    });
    roots.clear();
    document.body.replaceChildren();
    complaints.mockRestore();
    vi.unstubAllGlobals();
  });
}

/** A page in virtual time. */
export class Page {
  readonly container = document.body.appendChild(document.createElement('div'));
  #root: Root | undefined;

  constructor(private readonly world: World) {}

  get text(): string {
    return this.container.textContent;
  }

  /** Renders, and lets what follows from it happen. */
  async render(element: ReactNode): Promise<void> {
    this.#root ??= createRoot(this.container);
    roots.add(this.#root);
    act(() => this.#root?.render(element));
    await this.advance(0);
  }

  /** Takes a root that somebody else made, as `hydrateRoot` does. */
  async take(make: (container: HTMLElement) => Root): Promise<void> {
    act(() => {
      this.#root = make(this.container);
      roots.add(this.#root);
    });
    await this.advance(0);
  }

  async unmount(): Promise<void> {
    act(() => this.#root?.unmount());
    if (this.#root) roots.delete(this.#root);
    this.#root = undefined;
    await act(async () => {});
  }

  /** Does something, and lets what follows from it happen. */
  async do(action: () => unknown): Promise<void> {
    this.doNow(action);
    await this.advance(0);
  }

  doNow(action: () => unknown): void {
    act(() => void action());
  }

  async advance(ms: number): Promise<void> {
    await act(() => this.world.clock.advance(ms));
  }
}
