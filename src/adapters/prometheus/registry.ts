import { METRIC_HEADS, type Metric, type MetricHead } from "./metrics.js";

/** What is used of prom-client's `Registry`. */
export interface MetricRegistry {
  registerMetric(metric: object): void;
  removeSingleMetric(name: string): void;
}

/**
 * A metric as prom-client's registry asks for it (`registerMetric`, `get` and `reset` of version 15): its own classes
 * only add up what they are told, while these figures are counted already.
 */
class RegisteredMetric {
  /** The registry takes a counter's `_total` away where it writes OpenMetrics. */
  name: string;
  readonly help: string;
  readonly type: string;
  /** How a cluster's processes are put together. */
  readonly aggregator = "sum";
  readonly #head: MetricHead;
  readonly #read: () => Promise<readonly Metric[]>;

  constructor(head: MetricHead, read: () => Promise<readonly Metric[]>) {
    this.name = head.type === "counter" ? `${head.name}_total` : head.name;
    this.help = head.help;
    this.type = head.type;
    this.#head = head;
    this.#read = read;
  }

  async get() {
    const all = await this.#read();
    const samples = all.find(({ name }) => name === this.#head.name)?.samples ?? [];
    const { name, help, type, aggregator } = this;
    const values = samples.map(({ suffix, labels, value }) => ({
      labels,
      value,
      ...(suffix !== "" && { metricName: `${name}${suffix}` }),
    }));
    return { name, help, type, aggregator, values };
  }

  /** Counters of a kit begin anew with its process alone. */
  reset(): void {
    return;
  }
}

/**
 * Adds every metric to a registry. The returned function takes them out again.
 *
 * @param read all metrics; asked for once by each metric, all at the same time
 * @throws {Error} what the registry throws: when it has a metric of the same name
 */
export function register(registry: MetricRegistry, read: () => Promise<readonly Metric[]>): () => void {
  const metrics = METRIC_HEADS.map((head) => new RegisteredMetric(head, read));
  // By the name they were registered under.
  const names: string[] = [];
  const unregister = () => {
    for (const name of names.splice(0)) registry.removeSingleMetric(name);
  };
  try {
    for (const metric of metrics) {
      registry.registerMetric(metric);
      names.push(metric.name);
    }
  } catch (error) {
    unregister();
    throw error;
  }
  return unregister;
}
