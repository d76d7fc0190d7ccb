export interface Verdict {
  serious: string[];
  leftOut?: string;
}

export function readReport(text: string): Verdict;
