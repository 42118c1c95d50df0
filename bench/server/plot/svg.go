package main

import (
	"bytes"
	"fmt"
	"html"
	"strings"
)

// Sizes in pixels.
const (
	chartWidth = 920
	rowHeight  = 26
	barHeight  = 16
	topHeight  = 78
	endHeight  = 16
	nameWidth  = 96
	barMax     = 270 // of the longest bar of a panel
	panelRight = 530 // where the second panel's bars begin
)

// Colors can be told apart by who does not see red and green. They are made for
// the white ground that the chart brings along.
const (
	colorOurs   = "#0969da"
	colorOthers = "#8c959f"
	colorUser   = "#bf8700"
	colorSystem = "#57606a"
	colorText   = "#1f2328"
)

func (c chart) svg() []byte {
	var b bytes.Buffer
	height := topHeight + len(c.servers)*rowHeight + endHeight
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" `+
		`font-family="system-ui, sans-serif" font-size="13" role="img">`+"\n", chartWidth, height)
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(c.title))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", chartWidth, height)
	text(&b, 16, 28, "start", `font-size="16" font-weight="600"`, c.title)
	text(&b, nameWidth, 60, "start", `fill-opacity="0.7"`, "requests per second (more is better)")
	text(&b, panelRight, 60, "start", `fill-opacity="0.7"`, "CPU µs per request (less is better)")
	legend(&b, panelRight+266, "user", colorUser)
	legend(&b, panelRight+316, "system", colorSystem)

	var speedMax, cpuMax float64
	for _, s := range c.servers {
		speedMax = max(speedMax, s.perSecond)
		cpuMax = max(cpuMax, s.user+s.system)
	}
	for i, s := range c.servers {
		c.row(&b, topHeight+i*rowHeight, s, speedMax, cpuMax)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (c chart) row(b *bytes.Buffer, y int, s bars, speedMax, cpuMax float64) {
	color, weight := colorOthers, ""
	if s.server == "cork" {
		color, weight = colorOurs, `font-weight="600"`
	}
	base := y + barHeight - 3
	text(b, nameWidth-8, base, "end", weight, s.server)
	width := s.perSecond / speedMax * barMax
	rect(b, nameWidth, y, width, color)
	text(b, nameWidth+width+6, base, "start", weight, thousands(s.perSecond))

	user, system := s.user/cpuMax*barMax, s.system/cpuMax*barMax
	rect(b, panelRight, y, user, colorUser)
	rect(b, panelRight+user, y, system, colorSystem)
	text(b, panelRight+user+system+6, base, "start", weight, fmt.Sprintf("%.2f", s.user+s.system))
}

func legend(b *bytes.Buffer, x float64, what, color string) {
	fmt.Fprintf(b, `<rect x="%.0f" y="50" width="10" height="10" fill="%s"/>`+"\n", x, color)
	text(b, x+14, 60, "start", `fill-opacity="0.7"`, what)
}

func rect(b *bytes.Buffer, x float64, y int, width float64, color string) {
	fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", x, y, width, barHeight, color)
}

func text(b *bytes.Buffer, x float64, y int, anchor, style, what string) {
	if style != "" {
		style = " " + style
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="%s" fill="%s"%s>%s</text>`+"\n",
		x, y, anchor, colorText, style, html.EscapeString(what))
}

// thousands writes a whole number as 1,234,567.
func thousands(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, parts...), ",")
}
