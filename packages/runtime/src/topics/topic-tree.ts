interface Node<T> {
  readonly children: Map<string, Node<T>>;
  readonly values: Set<T>;
}

function createNode<T>(): Node<T> {
  return { children: new Map(), values: new Set() };
}

/** Values by filter: finding those that take a topic costs no more than its levels and what is found. */
export class TopicTree<T> {
  readonly #root: Node<T> = createNode();
  #size = 0;

  /** How many values there are. */
  get size(): number {
    return this.#size;
  }

  add(filter: readonly string[], value: T): void {
    let node = this.#root;
    for (const level of filter) {
      const next = node.children.get(level) ?? createNode<T>();
      node.children.set(level, next);
      node = next;
    }
    node.values.add(value);
    this.#size++;
  }

  delete(filter: readonly string[], value: T): void {
    if (this.#delete(this.#root, filter, 0, value)) this.#size--;
  }

  /** Those whose filter takes the topic. */
  find(topic: readonly string[]): T[] {
    const found: T[] = [];
    collect(this.#root, topic, 0, found);
    return found;
  }

  /** Branches that lead to nobody go, too. */
  #delete(node: Node<T>, filter: readonly string[], depth: number, value: T): boolean {
    if (depth === filter.length) return node.values.delete(value);
    const level = filter[depth] as string;
    const child = node.children.get(level);
    if (child === undefined || !this.#delete(child, filter, depth + 1, value)) return false;
    if (child.values.size === 0 && child.children.size === 0) node.children.delete(level);
    return true;
  }
}

function collect<T>(node: Node<T>, topic: readonly string[], depth: number, found: T[]): void {
  const rest = node.children.get('#');
  if (rest !== undefined) found.push(...rest.values);
  if (depth === topic.length) {
    found.push(...node.values);
    return;
  }
  for (const level of [topic[depth] as string, '*']) {
    const child = node.children.get(level);
    if (child !== undefined) collect(child, topic, depth + 1, found);
  }
}
