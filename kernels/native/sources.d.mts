export function sourcesHash(): string | null;
