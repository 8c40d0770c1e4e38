package bus

import (
	"net/url"
	"strings"
)

// TopicStream is the stream in which a Publisher keeps a topic, unless told
// otherwise. The name ends with a colon, which no escaped topic contains, so
// that no stream of a topic begins with that of another.
func TopicStream(topic string) string {
	return "topic-" + url.QueryEscape(topic) + ":"
}

// TopicPrefixes tells which streams a Subscriber reads for a topic, unless told
// otherwise: the streams of the category of that name (topic "case": "case-…")
// and what a Publisher has sent to the topic. Several topics can be joined by
// commas, as in "case,account", to be read in one order.
func TopicPrefixes(topic string) []string {
	var prefixes []string
	for name := range strings.SplitSeq(topic, ",") {
		if name = strings.TrimSpace(name); name != "" {
			prefixes = append(prefixes, name+"-", TopicStream(name))
		}
	}
	if strings.Contains(topic, ",") {
		prefixes = append(prefixes, TopicStream(topic))
	}
	return prefixes
}
