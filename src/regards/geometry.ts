/**
 * GeoJSON geometries (RFC 7946), as far as REGARDS' parser insists. Enters: a value and its name. Leaves: what is
 * wrong with it, in words; nothing where it is right. Pure.
 */

/** How deep the positions of each type lie. */
const LEVELS: Readonly<Record<string, number>> = {
  Point: 0,
  MultiPoint: 1,
  LineString: 1,
  MultiLineString: 2,
  Polygon: 2,
  MultiPolygon: 3,
};
const TYPES = [...Object.keys(LEVELS), "GeometryCollection"];

/** The fewest positions of a line, and of a ring, whose last is its first. */
const LINE = 2;
const RING = 4;

/** What REGARDS would not take of it; undefined where it is a geometry. */
export function geometryFault(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return `${name} must be a GeoJSON geometry`;
  }
  const { type, coordinates, geometries } = value as Readonly<Record<string, unknown>>;
  if (type === "GeometryCollection") {
    return Array.isArray(geometries)
      ? geometries
          .map((each, index) => geometryFault(each, `${name}.geometries[${index}]`))
          .find((fault) => fault !== undefined)
      : `${name}.geometries must be an array`;
  }
  const levels = typeof type === "string" && Object.hasOwn(LEVELS, type) ? LEVELS[type] : undefined;
  if (typeof type !== "string" || levels === undefined) {
    return `${name}.type is ${JSON.stringify(type)}; it must be one of ${TYPES.join(", ")}`;
  }
  return coordinatesFit(coordinates, levels, type)
    ? undefined
    : `${name}.coordinates are not those of a ${type} (numbers, longitude first)`;
}

function coordinatesFit(value: unknown, levels: number, type: string): boolean {
  if (!Array.isArray(value)) {
    return false;
  }
  if (levels === 0) {
    return value.length >= 2 && value.every((number) => Number.isFinite(number));
  }
  if (levels === 1 && type.endsWith("Polygon")) {
    return value.length >= RING && JSON.stringify(value[0]) === JSON.stringify(value.at(-1)) && each();
  }
  return (levels !== 1 || type === "MultiPoint" || value.length >= LINE) && each();

  function each(): boolean {
    return (value as unknown[]).every((inner) => coordinatesFit(inner, levels - 1, type));
  }
}
