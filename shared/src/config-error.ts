/** The mistakes in the environment, for the person who starts the process. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** One line per variable: `NAME: what it needs`. */
  readonly mistakes: readonly string[];
  /** False when the cause may pass by itself, such as a port in use: a restart may then help. */
  readonly isFinal: boolean;

  constructor(mistakes: readonly string[], isFinal = true) {
    super(
      `The configuration is invalid:\n${mistakes.map((line) => `  ${line}`).join('\n')}\nSee infra/docs/configuration.md.`,
    );
    this.mistakes = mistakes;
    this.isFinal = isFinal;
  }
}
