package command

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// errNoSheets is what a city that does not draw for paper answers.
var errNoSheets = errors.New("该城市服务不支持按纸张分页 this city does not draw for paper")

// directory tells whether sheets are to be written one by one into a place: one
// that is a directory, or is named as one.
func directory(name string) bool {
	if strings.HasSuffix(name, "/") || strings.HasSuffix(name, string(filepath.Separator)) {
		return true
	}
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// writeSheets writes each sheet of a drawing for paper to a file of its own.
// All come from one answer, so that they are of one instant.
func writeSheets(dir string, drawing []byte) error {
	sheets, err := apart(drawing)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	digits := len(strconv.Itoa(len(sheets)))
	for n, sheet := range sheets {
		name := fmt.Sprintf("fund-flow-a4-%0*d-of-%d.svg", digits, n+1, len(sheets))
		if err := writeNew(filepath.Join(dir, name), sheet); err != nil {
			return err
		}
	}
	return nil
}

// apart cuts a drawing for paper into its sheets: each is an SVG within the SVG,
// and whole by itself.
func apart(drawing []byte) ([][]byte, error) {
	decoder := xml.NewDecoder(bytes.NewReader(drawing))
	var sheets [][]byte
	begin, depth := int64(0), 0
	for {
		before := decoder.InputOffset()
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errNoSheets, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 1 {
				begin = before
			}
			depth++
		case xml.EndElement:
			depth--
			if depth == 1 && t.Name.Local == "svg" {
				sheets = append(sheets, append([]byte(xml.Header), append(bytes.Clone(drawing[begin:decoder.InputOffset()]), '\n')...))
			}
		}
	}
	if len(sheets) == 0 {
		return nil, errNoSheets
	}
	return sheets, nil
}
