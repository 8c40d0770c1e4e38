module github.com/yuanlu/yuanlu/services/banksim

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/yuanlu/yuanlu/api v0.0.0
	github.com/yuanlu/yuanlu/libs v0.0.0
	gopkg.in/yaml.v3 v3.0.1
	pgregory.net/rapid v1.3.0
)

require github.com/google/uuid v1.6.0 // indirect

replace (
	github.com/yuanlu/yuanlu/api => ../../api
	github.com/yuanlu/yuanlu/libs => ../../libs
)
