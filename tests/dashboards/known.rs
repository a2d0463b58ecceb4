//! What Grafana 11.0 and later know of dashboards, and of the kinds of panels, transformations and queries that are used here: facts, for
//! [`options`](crate::options) to look up.

use crate::panels::UNITS;
use crate::schema::Schema::{self, Any, Choice, Colour, Each, Flag, List, Map, Nothing, Number, Or, Text, Word};

const NUMBER: Schema = Number(f64::MIN, f64::MAX);
const COUNT: Schema = Number(0.0, f64::MAX);
const SHARE: Schema = Number(0.0, 1.0);

const CALCULATIONS: Schema = List(&Word(&[
    "allIsNull",
    "allIsZero",
    "allValues",
    "changeCount",
    "count",
    "delta",
    "diff",
    "diffperc",
    "distinctCount",
    "first",
    "firstNotNull",
    "last",
    "lastNotNull",
    "logmin",
    "max",
    "mean",
    "min",
    "range",
    "step",
    "sum",
    "uniqueValues",
]));
const VISIBILITY: Schema = Word(&["auto", "never", "always"]);
const ORIENTATION: Schema = Word(&["auto", "vertical", "horizontal"]);
const LEGEND: (&str, Schema) = (
    "legend",
    Map(&[
        ("calcs", CALCULATIONS),
        ("displayMode", Word(&["list", "table", "hidden"])),
        ("placement", Word(&["bottom", "right"])),
        ("showLegend", Flag),
        ("sortBy", Text),
        ("sortDesc", Flag),
        ("width", COUNT),
    ]),
);
const TOOLTIP: (&str, Schema) = (
    "tooltip",
    Map(&[
        ("hideZeros", Flag),
        ("maxHeight", COUNT),
        ("maxWidth", COUNT),
        ("mode", Word(&["single", "multi", "none"])),
        ("sort", Word(&["asc", "desc", "none"])),
    ]),
);
const REDUCE: (&str, Schema) =
    ("reduceOptions", Map(&[("calcs", CALCULATIONS), ("fields", Text), ("limit", COUNT), ("values", Flag)]));
const TEXT_SIZE: (&str, Schema) = ("text", Map(&[("percentSize", COUNT), ("titleSize", COUNT), ("valueSize", COUNT)]));

/// `options` of a kind of panel, and `fieldConfig.defaults.custom`.
pub type Kind = (&'static str, &'static [(&'static str, Schema)], &'static [(&'static str, Schema)]);

pub const KINDS: [Kind; 6] = [
    (
        "stat",
        &[
            REDUCE,
            TEXT_SIZE,
            ("colorMode", Word(&["none", "value", "background", "background_solid"])),
            ("graphMode", Word(&["none", "area"])),
            ("justifyMode", Word(&["auto", "center"])),
            ("orientation", ORIENTATION),
            ("percentChangeColorMode", Word(&["standard", "inverted", "same_as_value"])),
            ("showPercentChange", Flag),
            ("textMode", Word(&["auto", "value", "value_and_name", "name", "none"])),
            ("wideLayout", Flag),
        ],
        &[],
    ),
    (
        "bargauge",
        &[
            // Not known to the first of 11; those that know it show one unless told otherwise.
            LEGEND,
            REDUCE,
            TEXT_SIZE,
            ("displayMode", Word(&["basic", "lcd", "gradient"])),
            ("maxVizHeight", COUNT),
            ("minVizHeight", COUNT),
            ("minVizWidth", COUNT),
            ("namePlacement", Word(&["auto", "top", "left"])),
            ("orientation", ORIENTATION),
            ("showUnfilled", Flag),
            ("sizing", Word(&["auto", "manual"])),
            ("valueMode", Word(&["color", "text", "hidden"])),
        ],
        &[],
    ),
    (
        "timeseries",
        &[LEGEND, TOOLTIP, ("orientation", ORIENTATION), ("timezone", List(&Text))],
        &[
            ("axisBorderShow", Flag),
            ("axisCenteredZero", Flag),
            ("axisColorMode", Word(&["text", "series"])),
            ("axisGridShow", Flag),
            ("axisLabel", Text),
            ("axisPlacement", AXIS),
            ("axisSoftMax", NUMBER),
            ("axisSoftMin", NUMBER),
            ("axisWidth", COUNT),
            ("barAlignment", Number(-1.0, 1.0)),
            ("barWidthFactor", SHARE),
            ("drawStyle", Word(&["line", "bars", "points"])),
            ("fillBelowTo", Text),
            ("fillOpacity", Number(0.0, 100.0)),
            ("gradientMode", Word(&["none", "opacity", "hue", "scheme"])),
            ("hideFrom", HIDE),
            ("insertNulls", NULLS),
            ("lineInterpolation", Word(&["linear", "smooth", "stepBefore", "stepAfter"])),
            ("lineStyle", Map(&[("dash", List(&COUNT)), ("fill", Word(&["solid", "dash", "dot"]))])),
            ("lineWidth", Number(0.0, 10.0)),
            ("pointSize", COUNT),
            ("scaleDistribution", Map(&[("log", COUNT), ("type", Word(&["linear", "log", "symlog"]))])),
            ("showPoints", VISIBILITY),
            ("spanNulls", NULLS),
            ("stacking", Map(&[("group", Text), ("mode", Word(&["none", "normal", "percent"]))])),
            ("thresholdsStyle", Map(&[("mode", THRESHOLDS_STYLE)])),
            ("transform", Word(&["constant", "negative-Y"])),
        ],
    ),
    (
        "state-timeline",
        &[
            LEGEND,
            TOOLTIP,
            ("alignValue", Word(&["center", "left", "right"])),
            ("mergeValues", Flag),
            ("perPage", COUNT),
            ("rowHeight", SHARE),
            ("showValue", VISIBILITY),
            ("timezone", List(&Text)),
        ],
        &[
            ("axisPlacement", AXIS),
            ("fillOpacity", Number(0.0, 100.0)),
            ("hideFrom", HIDE),
            ("insertNulls", NULLS),
            ("lineWidth", Number(0.0, 10.0)),
            ("spanNulls", NULLS),
        ],
    ),
    (
        "status-history",
        &[
            LEGEND,
            TOOLTIP,
            ("colWidth", SHARE),
            ("perPage", COUNT),
            ("rowHeight", SHARE),
            ("showValue", VISIBILITY),
            ("timezone", List(&Text)),
        ],
        &[
            ("axisPlacement", AXIS),
            ("fillOpacity", Number(0.0, 100.0)),
            ("hideFrom", HIDE),
            ("lineWidth", Number(0.0, 10.0)),
        ],
    ),
    (
        "table",
        &[
            ("cellHeight", Word(&["sm", "md", "lg"])),
            (
                "footer",
                Map(&[
                    ("countRows", Flag),
                    ("enablePagination", Flag),
                    // The editor of Grafana writes an empty text for all.
                    ("fields", Or(&Word(&[""]), &List(&Text))),
                    ("reducer", CALCULATIONS),
                    ("show", Flag),
                ]),
            ),
            ("frameIndex", COUNT),
            ("showHeader", Flag),
            ("sortBy", List(&Map(&[("desc", Flag), ("displayName", Text)]))),
        ],
        &[
            ("align", Word(&["auto", "left", "center", "right"])),
            ("cellOptions", CELL),
            ("filterable", Flag),
            ("hidden", Flag),
            ("hideHeader", Flag),
            ("inspect", Flag),
            ("minWidth", COUNT),
            ("width", COUNT),
        ],
    ),
];

const AXIS: Schema = Word(&["auto", "left", "right", "top", "bottom", "hidden"]);
const HIDE: Schema = Map(&[("legend", Flag), ("tooltip", Flag), ("viz", Flag)]);
const NULLS: Schema = Or(&Flag, &COUNT);
const THRESHOLDS_STYLE: Schema = Word(&["off", "line", "dashed", "area", "line+area", "dashed+area", "series"]);
const CELL: Schema = Choice(&[
    ("auto", &[("wrapText", Flag)]),
    ("color-text", &[("wrapText", Flag)]),
    ("color-background", &[("applyToRow", Flag), ("mode", Word(&["basic", "gradient"])), ("wrapText", Flag)]),
    (
        "gauge",
        &[("mode", Word(&["basic", "lcd", "gradient"])), ("valueDisplayMode", Word(&["color", "text", "hidden"]))],
    ),
    ("data-links", &[]),
    ("json-view", &[]),
]);

const MAPPED: Schema = Map(&[("color", Colour), ("index", COUNT), ("text", Text)]);
const MAPPINGS: Schema = List(&Choice(&[
    ("value", &[("options", Each(&MAPPED))]),
    // Without a number an end is 0 to Grafana 11, not open.
    ("range", &[("options", Map(&[("from", NUMBER), ("result", MAPPED), ("to", NUMBER)]))]),
    ("regex", &[("options", Map(&[("pattern", Text), ("result", MAPPED)]))]),
    (
        "special",
        &[(
            "options",
            Map(&[("match", Word(&["true", "false", "null", "nan", "null+nan", "empty"])), ("result", MAPPED)]),
        )],
    ),
]));
const BOUND: Schema = Or(&Nothing, &NUMBER);

/// What every field can have: the keys of `fieldConfig.defaults`, and the ids of overrides.
pub const FIELD: &[(&str, Schema)] = &[
    (
        "color",
        Map(&[
            ("fixedColor", Colour),
            ("mode", Word(&["thresholds", "fixed", "shades", "palette-classic", "palette-classic-by-name"])),
            ("seriesBy", Word(&["last", "min", "max"])),
        ]),
    ),
    ("decimals", COUNT),
    ("description", Text),
    ("displayName", Text),
    ("fieldMinMax", Flag),
    ("links", List(&Map(&[("targetBlank", Flag), ("title", Text), ("url", Text)]))),
    ("mappings", MAPPINGS),
    ("max", NUMBER),
    ("min", NUMBER),
    ("noValue", Text),
    (
        "thresholds",
        Map(&[
            ("mode", Word(&["absolute", "percentage"])),
            ("steps", List(&Map(&[("color", Colour), ("value", BOUND)]))),
        ]),
    ),
    ("unit", Word(&UNITS)),
];

pub const TRANSFORMATIONS: [(&str, Schema); 4] = [
    ("merge", Map(&[])),
    ("sortBy", Map(&[("fields", Map(&[])), ("sort", List(&Map(&[("desc", Flag), ("field", Text)])))])),
    (
        "organize",
        Map(&[
            ("excludeByName", Each(&Flag)),
            ("includeByName", Each(&Flag)),
            ("indexByName", Each(&COUNT)),
            ("renameByName", Each(&Text)),
        ]),
    ),
    (
        "filterByValue",
        Map(&[
            (
                "filters",
                List(&Map(&[
                    ("config", Map(&[("id", Word(&["isNull", "isNotNull"])), ("options", Map(&[]))])),
                    ("fieldName", Text),
                ])),
            ),
            ("match", Word(&["all", "any"])),
            ("type", Word(&["include", "exclude"])),
        ]),
    ),
];

const SOURCE: Schema = Map(&[("type", Text), ("uid", Text)]);
const TARGET: Schema = Map(&[
    ("datasource", SOURCE),
    ("editorMode", Word(&["code", "builder"])),
    ("exemplar", Flag),
    ("expr", Text),
    ("format", Word(&["time_series", "table", "heatmap"])),
    ("hide", Flag),
    ("instant", Flag),
    ("interval", Text),
    ("legendFormat", Text),
    ("range", Flag),
    ("refId", Text),
]);
pub const PANEL: Schema = Map(&[
    ("collapsed", Flag),
    ("datasource", SOURCE),
    ("description", Text),
    ("fieldConfig", Map(&[("defaults", Any), ("overrides", List(&OVERRIDE))])),
    ("gridPos", Map(&[("h", COUNT), ("w", COUNT), ("x", COUNT), ("y", COUNT)])),
    ("hideTimeOverride", Flag),
    ("id", COUNT),
    ("interval", Text),
    ("links", List(&LINK)),
    ("maxDataPoints", COUNT),
    ("options", Any),
    ("panels", Any),
    ("pluginVersion", Text),
    ("repeat", Text),
    ("repeatDirection", Word(&["h", "v"])),
    ("targets", List(&TARGET)),
    ("timeFrom", Text),
    ("timeShift", Text),
    ("title", Text),
    ("transformations", List(&Map(&[("disabled", Flag), ("id", Text), ("options", Any)]))),
    ("transparent", Flag),
    ("type", Text),
]);
const OVERRIDE: Schema = Map(&[
    ("matcher", Map(&[("id", Word(&["byName", "byRegexp", "byType", "byFrameRefID"])), ("options", Text)])),
    ("properties", List(&Map(&[("id", Text), ("value", Any)]))),
]);
const LINK: Schema = Map(&[
    ("asDropdown", Flag),
    ("icon", Text),
    ("includeVars", Flag),
    ("keepTime", Flag),
    ("tags", List(&Text)),
    ("targetBlank", Flag),
    ("title", Text),
    ("tooltip", Text),
    ("type", Word(&["link", "dashboards"])),
    ("url", Text),
]);
const ANNOTATION: Schema = Map(&[
    ("builtIn", COUNT),
    ("datasource", SOURCE),
    ("enable", Flag),
    ("expr", Text),
    ("hide", Flag),
    ("iconColor", Text),
    ("name", Text),
    ("step", Text),
    ("tagKeys", Text),
    ("textFormat", Text),
    ("titleFormat", Text),
    ("type", Text),
    ("useValueForTime", Flag),
]);
const VARIABLE: Schema = Map(&[
    ("allValue", Text),
    ("allowCustomValue", Flag),
    ("current", Map(&[("selected", Flag), ("text", TEXTS), ("value", TEXTS)])),
    ("datasource", SOURCE),
    ("definition", Text),
    ("description", Text),
    ("hide", Number(0.0, 2.0)),
    ("includeAll", Flag),
    ("label", Text),
    ("multi", Flag),
    ("name", Text),
    ("options", List(&Any)),
    ("query", Or(&Text, &Map(&[("qryType", COUNT), ("query", Text), ("refId", Text)]))),
    ("refresh", Number(0.0, 2.0)),
    ("regex", Text),
    ("skipUrlSync", Flag),
    ("sort", Number(0.0, 8.0)),
    ("type", Word(&["datasource", "query"])),
]);
const TEXTS: Schema = Or(&Text, &List(&Text));
pub const DASHBOARD: Schema = Map(&[
    ("annotations", Map(&[("list", List(&ANNOTATION))])),
    ("description", Text),
    ("editable", Flag),
    ("fiscalYearStartMonth", Number(0.0, 11.0)),
    ("graphTooltip", Number(0.0, 2.0)),
    ("id", Nothing),
    ("links", List(&LINK)),
    ("liveNow", Flag),
    ("panels", Any),
    ("preload", Flag),
    ("refresh", Text),
    ("schemaVersion", COUNT),
    ("tags", List(&Text)),
    ("templating", Map(&[("list", List(&VARIABLE))])),
    ("time", Map(&[("from", Text), ("to", Text)])),
    ("timepicker", Map(&[("hidden", Flag), ("refresh_intervals", List(&Text))])),
    ("timezone", Text),
    ("title", Text),
    ("uid", Text),
    ("version", COUNT),
    ("weekStart", Text),
]);
