/** The global that uPlot's script makes in a page: the part of it that draw.ts uses. The script is
 *  read as text when a page is written, so nothing here is compiled against the package. */

declare class uPlot {
  /** Device pixels of a CSS pixel. */
  static readonly pxRatio: number;
  readonly ctx: CanvasRenderingContext2D;
  /** Inside of the axes, in canvas pixels. */
  readonly bbox: uPlot.Box;
  readonly cursor: { readonly idx?: number | null };
  constructor(options: uPlot.Options, data: uPlot.Data, place: HTMLElement);
  destroy(): void;
  setCursor(place: { readonly left: number; readonly top: number }): void;
  setSize(size: uPlot.Size): void;
  valToPos(value: number, scale: 'x' | 'y', isCanvasPixels?: boolean): number;
}

declare namespace uPlot {
  type Data = readonly (readonly (number | null)[])[];

  interface Size {
    readonly width: number;
    readonly height: number;
  }

  interface Box extends Size {
    readonly left: number;
    readonly top: number;
  }

  interface Options extends Size {
    readonly scales: Readonly<Record<'x' | 'y', Scale>>;
    readonly axes: readonly Axis[];
    /** The first is x. */
    readonly series: readonly Series[];
    readonly legend: { readonly show: boolean };
    readonly cursor: {
      readonly x: boolean;
      readonly y: boolean;
      readonly drag: { readonly x: boolean; readonly y: boolean; readonly setScale: boolean };
      readonly points: { readonly show: boolean; readonly size: number };
    };
    /** Top, right, bottom, left. */
    readonly padding: readonly [number, number, number, number];
    readonly hooks: Readonly<
      Record<'drawAxes' | 'draw' | 'setCursor', readonly ((plot: uPlot) => void)[]>
    >;
  }

  interface Scale {
    readonly time: boolean;
    /** 1 linear, 3 logarithmic. */
    readonly distr: 1 | 3;
    readonly range: () => [number, number];
  }

  interface Line {
    readonly show?: boolean;
    readonly stroke?: string;
    readonly width?: number;
    readonly size?: number;
  }

  interface Axis {
    readonly stroke: string;
    readonly font: string;
    readonly labelFont: string;
    readonly labelSize: number;
    readonly label?: string;
    readonly size?: number;
    readonly grid: Line;
    readonly ticks: Line;
    readonly border: Line;
    readonly splits?: readonly number[];
    readonly values:
      | readonly string[]
      | ((plot: uPlot, splits: readonly (number | null)[]) => readonly (string | null)[]);
  }

  interface Series {
    readonly label?: string;
    readonly stroke?: string;
    readonly width?: number;
    readonly dash?: readonly number[];
    readonly spanGaps?: boolean;
    readonly points?: { readonly show: boolean };
    readonly paths?: () => null;
  }
}
