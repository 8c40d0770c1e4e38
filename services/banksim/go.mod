module github.com/yuanlu/yuanlu/services/banksim

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/yuanlu/yuanlu/api v0.0.0
	github.com/yuanlu/yuanlu/libs v0.0.0
	gopkg.in/yaml.v3 v3.0.1
)

require (
	github.com/dunglas/httpsfv v1.0.2 // indirect
	github.com/emmansun/gmsm v0.41.1 // indirect
	github.com/google/uuid v1.6.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
)

replace (
	github.com/yuanlu/yuanlu/api => ../../api
	github.com/yuanlu/yuanlu/libs => ../../libs
)
