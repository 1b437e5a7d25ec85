export function sourcesHash(): string | null;
export function routineFolders(): string[];
